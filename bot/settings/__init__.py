"""Every setting with its sentence, and what a value must look like."""
