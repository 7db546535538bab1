"""Who a browser is: sessions in cookies, tokens in forms, and what pages may load."""
