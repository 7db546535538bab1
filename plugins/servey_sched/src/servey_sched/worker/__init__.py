"""Workers, which take jobs from a broker and run their actions."""
