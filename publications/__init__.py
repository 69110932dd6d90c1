"""Publications: two reviews that never wait for each other, and a window whose silence releases."""
