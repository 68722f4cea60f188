"""What is stored of films and of the people who made them."""
