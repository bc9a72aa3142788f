"""Read HTML pages of books: what of them is to be read aloud, and with which markup."""
