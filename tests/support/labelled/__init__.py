"""A small labelled set of our own: documents of many kinds, German and English, and questions with the words that
answer them. By it the search and the offline model are judged."""
