"""Forms for people without git: what they ask, how an answer is read, which rows it becomes."""
