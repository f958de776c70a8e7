import json
import tempfile
import unittest
from pathlib import Path

import numpy as np
from PIL import Image

import scenes  # noqa: F401

from dataset import ImageSet, class_names, split_folder
from program import ROWS, Program, Row


def make(folder, count=3):
    for kind in ("images", "labels"):
        (folder / kind).mkdir(parents=True)
    for index in range(count):
        Image.fromarray(np.full((8, 8, 3), index, np.uint8)).save(folder / "images" / f"{index}.png")
        (folder / "labels" / f"{index}.txt").write_text("0 0.5 0.5 0.5 0.5\n")
    return ImageSet.of("x", folder / "images", folder / "labels")


class Datasets(unittest.TestCase):
    def test_a_digest_changes_with_an_image_and_with_a_label_and_else_not(self):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            first = make(folder)
            again = ImageSet.of("y", folder / "images", folder / "labels")
            self.assertEqual(first.digest, again.digest)
            (folder / "labels" / "1.txt").write_text("0 0.5 0.5 0.4 0.5\n")
            label = ImageSet.of("x", folder / "images", folder / "labels")
            Image.fromarray(np.full((8, 8, 3), 99, np.uint8)).save(folder / "images" / "2.png")
            image = ImageSet.of("x", folder / "images", folder / "labels")
            self.assertEqual(len({first.digest, label.digest, image.digest}), 3)

    def test_a_set_with_an_image_missing_is_refused(self):
        with tempfile.TemporaryDirectory() as name:
            images = make(Path(name) / "a")
            results = Path(name) / "results"
            results.mkdir()
            with self.assertRaises(SystemExit):
                images.with_images("x", results)

    def test_class_names_come_from_the_data_set(self):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            self.assertEqual(class_names(folder, None), ["WBC", "RBC", "platelet"])
            for text in ("names: ['a', b]\n", "nc: 2\nnames:\n  0: a\n  1: 'b'\ntrain: x\n", "names:\n- a\n- b\n"):
                (folder / "data.yaml").write_text(text)
                self.assertEqual(class_names(folder, None), ["a", "b"], text)
            (folder / "classes.txt").write_text("c\nd\n")
            self.assertEqual(class_names(folder, None), ["c", "d"])
            self.assertEqual(class_names(folder, "e, f"), ["e", "f"])

    def test_a_data_set_without_splits_is_taken_whole_and_none_is_refused(self):
        with tempfile.TemporaryDirectory() as name:
            make(Path(name) / "a")
            self.assertEqual(split_folder(Path(name) / "a", "test"), Path(name) / "a")
            with self.assertRaises(SystemExit):
                split_folder(Path(name), "test")


class Programs(unittest.TestCase):
    def stand_in(self, folder, options):
        """A program that answers as nctd does, with these options of normalize."""
        arguments = [{"names": [{"name": name}], "allValues": values} for name, values in options.items()]
        dump = json.dumps({"command": {"subcommands": [{"commandName": "normalize", "arguments": arguments}]}})
        path = Path(folder) / "nctd"
        path.write_text(f"#!/bin/sh\ncase $1 in --version) echo nctd 9;; *) cat <<'END'\n{dump}\nEND\nesac\n")
        path.chmod(0o755)
        return Program(path, Path(folder) / "work", 1)

    def test_a_method_that_the_program_does_not_know_is_told_before_anything_runs(self):
        with tempfile.TemporaryDirectory() as folder:
            old = self.stand_in(folder, {"layer": []})
            rows = {row.name: old.why_not(row) for row in ROWS}
            self.assertEqual([name for name, reason in rows.items() if reason is None], ["original", "color transfer"])
            new = self.stand_in(folder, {"layer": [], "method": ["reinhard"]})
            rows = {row.name: new.why_not(row) for row in ROWS}
            self.assertIsNone(rows["Reinhard"])
            self.assertIn("macenko", rows["Macenko"])
            self.assertIn("--layr", new.why_not(Row("x", ("--layr", "1"))))

    def test_normalized_images_are_made_together_and_kept(self):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            program = self.stand_in(folder, {"method": ["reinhard"]})
            images = make(folder / "lab")
            profile = folder / "p.toml"
            profile.write_text("")
            runs = []

            def run(arguments, title, count):
                output = arguments[arguments.index("--output") + 1]
                runs.append(count)
                for number in range(count):
                    (output / f"{number}.png").write_bytes(images.pairs[number][0].read_bytes())
                    (output / f"{number}.png.json").write_text("{}")

            program.run = run
            row = Row("Reinhard", ("--method", "reinhard"))
            made = program.normalized(images, row, profile)
            self.assertEqual((runs, program.normalized(images, row, profile)), ([3], made))
            # Interrupted after two: all three again, since they may depend on each other.
            (made / "2.png.json").unlink()
            shown, folder = program.normalize(images, row, profile)
            self.assertEqual((runs, folder, len(shown.pairs)), ([3, 3], made, 3))
            self.assertIsNone(program.normalized(images, ROWS[0], profile))


if __name__ == "__main__":
    unittest.main()
