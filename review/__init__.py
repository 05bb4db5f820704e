"""What an editor should look at: findings, the state of a guide, reports."""
