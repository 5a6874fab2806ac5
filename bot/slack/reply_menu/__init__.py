"""Reply menu and buttons: retranscribe, edit, delete, add vocabulary, fill gaps, consent, share."""
