"""The pages that officers and operators work with."""
