"""What this benchmark has to be. `make test` checks it; add what your team expects."""

import unittest

from maskbench.cli import main
from maskbench.dataset import Benchmark

FOLDER = "data/benchmark"


class TestDataset(unittest.TestCase):
    """The benchmark in ``data/benchmark``."""

    def test_it_is_what_its_annotations_and_rules_give(self) -> None:
        """Each digest, mask, class and split is recomputed."""
        self.assertEqual(main(["verify"]), 0)

    def test_there_are_images_to_train_with(self) -> None:
        """An example of an expectation: change it, or add your own below."""
        self.assertGreater(len(Benchmark(FOLDER, "train")), 0)


if __name__ == "__main__":
    unittest.main()
