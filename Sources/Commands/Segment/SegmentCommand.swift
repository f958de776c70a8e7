import ArgumentParser
import Config
import Foundation
import ImageFiles
import Jobs
import NCTEngine
import Pictures

/// `nctd segment`: what each pixel of a smear is, as the engine sees it.
struct SegmentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "segment",
        abstract: "Show what each pixel of a smear is taken for, and count its cells by their kinds.",
        usage: "nctd segment INPUT... --output DIR [options]",
        discussion: """
            Each INPUT is an image or a directory, which is walked through. The classes that keep matches to their \
            kind go to OUTPUT/NAME-classes.png, at the image's own size (8 bits, gray: 0 background, 1 red cell, 2 \
            cytoplasm of a white cell, 3 its nucleus, 4 platelet). They come from the built-in network and are \
            corrected by the field's own colors.

            Each white cell is given the likeliest of seven kinds: segmented_neutrophil, band_neutrophil, lymphocyte, \
            monocyte, eosinophil, basophil, other. --json has the probability of each. It is a guess from the cell's \
            shape and texture, meant for matching colors, and no diagnosis.

            EXAMPLES:
              nctd segment smear.png --output classes --overlay
              nctd segment captures/ --output classes --json > cells.json

            \(ExitStatus.help)
            """)

    @Argument(help: ArgumentHelp("Images, or directories of images.", valueName: "input"), completion: .file())
    var inputs: [FileArgument]

    @Option(help: ArgumentHelp("Where results go.", valueName: "dir"), completion: .directory)
    var output: String

    @Flag(help: "Also write OUTPUT/NAME-overlay.png: the image under the colors that --stages has for classes.")
    var overlay = false

    @Flag(
        help: """
            Also write OUTPUT/NAME.txt: the white cells as YOLO labels, \(kindNumbers).
            """)
    var labels = false

    @Flag(
        help: ArgumentHelp(
            "Also write OUTPUT/NAME-crops.safetensors: what the network of kinds is trained on.", visibility: .hidden))
    var crops = false

    private static let kindNumbers = WhiteCellKind.allCases.map { "\($0.number) \($0.rawValue)" }
        .joined(separator: ", ")

    @Flag(help: "The network's own classes, without the correction by the field's colors.")
    var uncorrected = false

    @Option(
        help: ArgumentHelp(
            "The light that images are corrected by: a file of `nctd profile flat-field`, an empty field's picture, "
                + "capture (each image's own) or none (the default).", valueName: "light"), completion: .file())
    var flatField: FlatFieldChoice?

    @Flag(help: "Replace results that are there already; without it they are left alone and count as failed.")
    var overwrite = false

    @Flag(help: "Print one JSON object with all results and a summary on standard output.")
    var json = false

    @OptionGroup
    var threads: ThreadsOption

    @OptionGroup
    var links: LinkOptions

    func validate() throws {
        guard !inputs.isEmpty else { throw ValidationError("name at least one image or directory") }
    }

    func run() async throws {
        let console = Console.current
        let run = try ImageRun(
            inputs, light: flatField, verb: "segment", output: output,
            endings: ["-classes.png"] + (overlay ? ["-overlay.png"] : []) + (labels ? [".txt"] : [])
                + (crops ? ["-crops.safetensors"] : []), overwrite: overwrite, links: links)
        let workers = threads.workers
        let light: LightCorrection
        do {
            light = try LightCorrection(flatField ?? .none, workers: workers)
        } catch let failure as JobFailure {
            throw UsageError(failure)
        }
        let clock = ContinuousClock()
        let start = clock.now
        var report = SegmentReport(corrected: !uncorrected)
        let failures = run.perform(on: console, keepsLines: !json, write: json ? console.tell : console.say) {
            item, targets in
            let begin = clock.now
            var entry = try segment(item, to: targets, light: light, workers: workers)
            entry.seconds = begin.duration(to: clock.now) / .seconds(1)
            report.add(entry)
            return entry.line
        }
        report.finish(failures, seconds: start.duration(to: clock.now) / .seconds(1))
        if json {
            console.say(try report.json())
        } else {
            console.say(report.summaryLine(output: output))
        }
        if !failures.isEmpty { throw ExitCode(ExitStatus.someFailed) }
    }

    private func segment(
        _ item: InputList.Item, to targets: [String], light: LightCorrection, workers: Workers
    ) throws -> SegmentReport.Entry {
        let image = try light.corrected(item.read().image, workers: workers).image
        let area = ValidArea(of: image, workers: workers)
        let segmentation = try SmearNet.embedded.segmentation(
            of: area?.field(of: image) ?? FieldImage(image), corrected: !uncorrected, workers: workers)
        let whiteCells = WhiteCells(of: segmentation, workers: workers)
            .moved(x: area?.bounds.x ?? 0, y: area?.bounds.y ?? 0)
        let found = segmentation.labels(reducedBy: 1, workers: workers)
        let map = area?.restored(found, missingAs: .background) ?? found
        var entry = SegmentReport.Entry(
            input: item.path, classes: targets[0], map: map, segmentation: segmentation, whiteCells: whiteCells)
        var files = [try ImageWriter.encode(map)]
        if overlay {
            entry.overlay = targets[files.count]
            files.append(try PictureFile.encode(ColorMap.overlay(ofClasses: map, on: image)))
        }
        if labels {
            entry.labels = targets[files.count]
            files.append(SegmentFiles.labels(whiteCells.cells, width: image.width, height: image.height))
        }
        if crops {
            entry.crops = targets[files.count]
            files.append(SegmentFiles.crops(whiteCells, of: segmentation))
        }
        try Interruption.shared.protecting {
            for (bytes, target) in zip(files, targets) {
                try OutputFile.write(bytes, to: target, overwrite: overwrite)
            }
        }
        return entry
    }
}
