"""GitHub: comments and labels on the issues and pull requests that features are linked to.

Settings of an organisation: `installation_id` of the app. The app acts with its private key: GITHUB_APP_ID, GITHUB_PEM.
"""
