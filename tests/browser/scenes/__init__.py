"""One case, scene by scene. Each scene is played through pages alone."""
