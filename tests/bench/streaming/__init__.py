"""T1, T3, T4: users who each ask one question of a steadily streaming model, through Tokenline and past it."""
