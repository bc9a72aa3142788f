"""Job-completion notifications by webhook or command. Knows neither the database nor the daemon."""
