"""What the project takes from others: known advisories of its pinned packages."""
