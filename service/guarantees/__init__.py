"""The guarantee class (保障类): its approval chain, load cap, suspension and end."""
