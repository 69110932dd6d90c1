"""Pages of publications: the author's, the reviewers', the public's."""
