"""What crawls keep of themselves: runs, bookmarks, failures, leases, the pace."""
