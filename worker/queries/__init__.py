"""The read path: parameters, filters, what a query reads with, and how fresh an answer is."""
