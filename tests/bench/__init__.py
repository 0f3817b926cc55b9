"""How fast the program is beside others: ratios, measured side by side in one run on generated calls."""
