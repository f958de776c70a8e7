import unittest

import numpy as np

import scenes  # noqa: F401

from verdicts import Judged, best_split, rank_correlation, report


class Verdicts(unittest.TestCase):
    def test_rank_correlation_of_known_orders(self):
        x = np.arange(10.0)
        self.assertAlmostEqual(rank_correlation(x, x**3), 1)
        self.assertAlmostEqual(rank_correlation(x, -np.exp(x)), -1)
        # Ranks 0, 1.5, 1.5, 3 against 0, 1, 2, 3: 4.5 / sqrt(4.5 * 5).
        self.assertAlmostEqual(rank_correlation(np.array([1, 2, 2, 3]), np.arange(4)), np.sqrt(0.9))
        self.assertTrue(np.isnan(rank_correlation(np.ones(4), np.arange(4))))

    def test_a_figure_that_decides_is_split_where_it_does(self):
        figure = np.array([0.1, 0.2, 0.3, 0.6, 0.7])
        self.assertEqual(best_split(figure, figure > 0.5), (1.0, 0.6, ">="))
        self.assertEqual(best_split(figure, figure < 0.25), (1.0, 0.2, "<="))
        self.assertEqual(best_split(figure, np.ones(5, bool))[0], 0)

    def test_the_report_counts_and_averages_by_verdict(self):
        judged = [Judged("t", "transfer", str(i), {"confidence": i / 10}, "good" if i > 4 else "bad",
                         {"ap": i / 10 - 0.5, "f1": 0.0}) for i in range(10)]
        text = report(judged)
        self.assertIn("| good | 5 | +0.200 | +0.200 | 80 % | +0.000 |", text)
        self.assertIn("| bad | 5 | -0.300 | -0.300 | 0 % | +0.000 |", text)
        self.assertIn("| doubtful | 0 |", text)
        self.assertIn("| confidence | +1.00 |", text)
        # Images whose quality is not known are left out, not counted as zero.
        judged.append(Judged("t", "transfer", "x", {}, "good", {"ap": float("nan"), "f1": float("nan")}))
        self.assertIn("| good | 6 | +0.200 |", report(judged))


if __name__ == "__main__":
    unittest.main()
