"""Reading the law: everything in `config/` becomes one checked, cached `Law`."""
