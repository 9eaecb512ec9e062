"""What bench/run.py is made of: servers, the load client, one module a question, and the report."""
