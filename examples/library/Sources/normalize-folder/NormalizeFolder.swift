// Repaints all images of a folder in the colors of one to three references, as many at once as there are cores:
//
//     normalize-folder CAPTURES RESULTS REFERENCE...
//
// Each becomes RESULTS/NAME.png. What goes wrong with one is told, and the others go on.
import Foundation
import ImageFiles
import NCTEngine

@main
struct NormalizeFolder {
    let captures: String
    let results: String
    var normalizer: Normalizer

    static let endings: Set = ["png", "jpg", "jpeg", "tif", "tiff", "bmp"]

    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count >= 4 else {
            print("usage: normalize-folder CAPTURES RESULTS REFERENCE...")
            exit(2)
        }
        // Captures run at once, so each has one thread. The references are prepared only here.
        let normalizer = try Normalizer(
            extractor: SmearNet.embedded, references: arguments[3...].map { try ImageReader.read(path: $0).image },
            parameters: NormalizationParameters(), workers: Workers(threads: 1))
        var folder = NormalizeFolder(captures: arguments[1], results: arguments[2], normalizer: normalizer)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.captures).sorted()
            .filter { endings.contains(URL(filePath: $0).pathExtension.lowercased()) }
        folder.learnColors(of: names)
        try FileManager.default.createDirectory(atPath: folder.results, withIntermediateDirectories: true)
        let failed = await withTaskGroup(of: Bool.self) { [folder] group in
            for name in names { group.addTask { !folder.repaint(name) } }
            var failed = 0
            for await isFailure in group where isFailure { failed += 1 }
            return failed
        }
        if failed > 0 { exit(1) }
    }

    /// All captures together tell more of their lab's colors than each alone.
    mutating func learnColors(of names: [String]) {
        var learner = PaletteLearner()
        let workers = Workers(threads: ProcessInfo.processInfo.activeProcessorCount)
        for name in names where names.count > 1 {
            if let capture = try? ImageReader.read(path: captures + "/" + name) {
                learner.add(capture.image, workers: workers)
            }
        }
        if let palette = try? learner.palette(workers: workers) { normalizer = normalizer.with(captures: palette) }
    }

    func repaint(_ name: String) -> Bool {
        do {
            var capture = try ImageReader.read(path: captures + "/" + name)
            let result = try normalizer.normalize(capture.image)
            capture.image = result.image
            let output = results + "/" + URL(filePath: name).deletingPathExtension().lastPathComponent + ".png"
            let png = try ImageWriter.encode(capture, options: ImageWriteOptions(format: .png))
            try OutputFile.write(png, to: output, overwrite: true)
            print("\(name): \(result.quality.verdict)")
            return true
        } catch {
            print("\(name): \(error)")
            return false
        }
    }
}
