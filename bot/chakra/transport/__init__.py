"""HTTP to Chakra: requests, policies, envelope, errors."""
