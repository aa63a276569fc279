"""How good are the labels, and what do they say: metrics, intervals, agreement, mix, reports."""
