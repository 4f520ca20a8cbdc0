"""What keeps the review alive: services, forms, searches, screening."""
