"""What every page is made of: layout, components, charts, tables, forms, and the API's base."""
