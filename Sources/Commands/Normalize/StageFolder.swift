import Foundation
import ImageFiles
import Jobs
import NCTEngine
import Pictures

/// The folder that `--stages` writes for a capture: a picture a stage and a contact sheet of them all.
enum StageFolder {
    private static let cellWidth = 320

    /// Writes the pictures; those that are there are replaced.
    static func write(
        _ result: CaptureJob.Result, references: [RGBImage], name: String, to folder: String
    ) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        guard let stages = result.normalization.stages else {
            try writeSpared(result, name: name, to: folder)
            return
        }
        let area = result.normalization.fieldArea ?? PixelArea(of: result.source)
        var corrected = result.corrected
        corrected.image = corrected.image.cropped(to: area)
        func pictures(_ shownWidth: Int?) -> [StagePictures.Picture] {
            StagePictures(
                source: result.source.cropped(to: area), corrected: corrected,
                references: references, result: result.normalization.image.cropped(to: area),
                verdict: result.sidecar.verdict.value, stages: stages,
                searched: result.normalization.chosenReference.map { [$0] } ?? Array(references.indices),
                shownWidth: shownWidth
            ).pictures
        }
        for (index, picture) in pictures(nil).enumerated() {
            let number = index + 1 < 10 ? "0\(index + 1)" : "\(index + 1)"
            try PictureFile.write(picture.image, to: "\(folder)/\(number)-\(picture.file).png", overwrite: true)
        }
        let quality = result.sidecar.quality
        let sheet = ContactSheet(
            title: name,
            subtitle: [
                "verdict \(result.sidecar.verdict.value.rawValue)   structural similarity "
                    + "\(Decimals.text(quality.structuralSimilarity, 3))   palette distance "
                    + "\(Decimals.text(quality.paletteDistanceBefore, 1)) → "
                    + "\(Decimals.text(quality.paletteDistanceAfter, 1))   confidence "
                    + "\(Decimals.text(quality.confidence, 2))   features \(result.sidecar.features?.extractor ?? "none")"
            ] + (result.normalization.transfer.map { [energy($0)] } ?? []),
            cells: pictures(cellWidth).map { ContactSheet.Cell($0.image, caption: [$0.title, $0.explanation]) },
            columns: 5, cellWidth: cellWidth)
        try PictureFile.write(sheet.render(), to: "\(folder)/contact-sheet.png", overwrite: true)
    }
}

extension StageFolder {
    /// What the solver reached, by term.
    private static func energy(_ transfer: TransferReport) -> String {
        func number(_ value: Double) -> String { Decimals.text(value, 2) }
        let energy = transfer.energy
        let labels = transfer.labels.map {
            "   \($0.used) of \($0.offered) labels: data \(number($0.data)) + pairs \(number($0.pairs))"
        }
        return "\(transfer.solver.rawValue)   energy \(number(energy.total)) = data \(number(energy.data)) + local "
            + "\(number(energy.local)) + nonlocal \(number(energy.nonlocal))" + (labels ?? "")
    }
}

extension StageFolder {
    /// The contact sheet of a capture for which there were no stages, since it shows no smear or the method has none.
    private static func writeSpared(_ result: CaptureJob.Result, name: String, to folder: String) throws {
        let treatment =
            switch result.normalization.quality.treatment {
            case .transferred: "repainted by \(result.sidecar.method), which has no stages"
            case .aligned: "brought from lab to lab, class by class"
            case .shifted: "a blank field: its mean color was shifted"
            case .alike: "in the references' colors already: it is the capture"
            case .unchanged: "nothing to go by: it is the capture, unchanged"
            }
        var cells = [ContactSheet.Cell(result.source, caption: ["source", "the capture"])]
        if let field = result.corrected.field {
            cells.append(
                ContactSheet.Cell(
                    LightPicture.image(of: field),
                    caption: ["light", "brightest over darkest: \(KnownLight.words(ratio: field.ratio))"]))
            cells.append(
                ContactSheet.Cell(result.corrected.image, caption: ["corrected", "the capture under even light"]))
        }
        cells.append(ContactSheet.Cell(result.normalization.image, caption: ["result", treatment]))
        let sheet = ContactSheet(
            title: name,
            subtitle: [
                "verdict \(result.sidecar.verdict.value.rawValue)   no stages to show"
            ],
            cells: cells,
            columns: cells.count, cellWidth: cellWidth)
        try PictureFile.write(sheet.render(), to: "\(folder)/contact-sheet.png", overwrite: true)
    }
}

/// Pictures that the program made itself, as 8-bit PNG files.
enum PictureFile {
    /// Writes a picture atomically.
    static func write(_ image: RGBImage, to path: String, bitDepth: Int = 8, overwrite: Bool) throws {
        try put(encode(image, bitDepth: bitDepth), to: path, overwrite: overwrite)
    }

    /// Writes labels as a gray PNG whose values they are, atomically.
    static func write<Label>(_ labels: LabelMap<Label>, to path: String, overwrite: Bool) throws {
        try put(ImageWriter.encode(labels), to: path, overwrite: overwrite)
    }

    static func encode(_ image: RGBImage, bitDepth: Int = 8) throws -> [UInt8] {
        try ImageWriter.encode(
            ImageFile(image: image, metadata: ImageMetadata(format: .png)),
            options: ImageWriteOptions(format: .png, bitDepth: bitDepth))
    }

    private static func put(_ bytes: [UInt8], to path: String, overwrite: Bool) throws {
        try Interruption.shared.protecting { try OutputFile.write(bytes, to: path, overwrite: overwrite) }
    }
}
