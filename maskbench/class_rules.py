"""The multi-label rules: which class pixels with a set of labels become.

A pixel's class is decided by the exact set of labels on it: no label gives the class with value 0;
a rule whose ``when`` is that set gives its ``then``; a single label gives its own class; everything
else is *unmatched* and treated as ``combine.unmatched`` says.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from maskbench.params import CombineParams, Rule


@dataclass(frozen=True)
class ClassRules:
    """``labels_map``, rules and the fallback, ready to ask for one label set's class.

    Attributes:
        labels_map: Class name → mask value.
        rules: The multi-label rules.
        fallback: What happens to label sets without a rule.
    """

    labels_map: Mapping[str, int]
    rules: Sequence[Rule]
    fallback: CombineParams

    def class_of(self, labels: frozenset[str]) -> str | None:
        """The class name of pixels with exactly ``labels``; None where no rule says."""
        if not labels:
            return next(name for name, value in self.labels_map.items() if value == 0)
        if labels in self._then:
            return self._then[labels]
        if len(labels) == 1:
            return next(iter(labels))
        return self._unmatched(labels)

    @cached_property
    def _then(self) -> Mapping[frozenset[str], str]:
        return {rule.when: rule.then for rule in self.rules}

    def _unmatched(self, labels: frozenset[str]) -> str | None:
        if self.fallback.unmatched == "error":
            return None
        if self.fallback.unmatched == "priority":
            return next((label for label in self.fallback.priority if label in labels), None)
        return self.fallback.unmatched
