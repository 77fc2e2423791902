"""The composition root: the only room that knows which connector serves which port."""
