"""What became of a source: fetching it, judging its link, finding the cited place, measuring drift."""
