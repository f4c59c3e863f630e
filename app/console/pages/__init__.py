"""A module a page. Each names its endpoints and who may use them."""
