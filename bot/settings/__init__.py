"""The settings: their documentation, their validation and their loading."""
