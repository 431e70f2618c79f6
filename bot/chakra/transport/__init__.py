"""HTTP to Chakra: requests, retry and timeout policies, the envelope, and errors."""
