"""Write a typed function once; plugins serve it on every surface."""
