"""The demonstration: a whole programme, told through the same services that people use."""
