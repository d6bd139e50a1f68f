"""Pictures of all pages of the dashboard, for the documentation: `make screenshots`."""
