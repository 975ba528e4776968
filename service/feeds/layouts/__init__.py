"""How foreign feeds write their forecasts: one pure module per layout, bytes in and points out."""
