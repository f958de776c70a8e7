import ArgumentParser
import Foundation
import ImageFiles
import Jobs
import NCTEngine
import Pictures

/// `nctd compare`: images side by side with labels.
struct CompareCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Put images side by side with labels.",
        usage: "nctd compare IMAGE... --output FILE [options]",
        discussion: """
            EXAMPLES:
              nctd compare capture.jpg normalized/capture.png --output side-by-side.png
              nctd compare a.png b.png c.png --labels before,after,reference --columns 2 --output sheet.png

            \(ExitStatus.help)
            """)

    @Argument(help: ArgumentHelp("Two or more images.", valueName: "image"), completion: .file())
    var images: [FileArgument]

    @Option(help: ArgumentHelp("The PNG file to write.", valueName: "file"), completion: .file(extensions: ["png"]))
    var output: String

    @Option(
        help: ArgumentHelp(
            "Labels in the images' order, joined by commas (default: the files' names).",
            valueName: "text,text…"))
    var labels: String?

    @Option(parsing: .unconditional, help: "Images in a row (default: all of them, at most 4).")
    var columns: Int?

    @Option(parsing: .unconditional, help: "Width of each image in pixels (default: the widest image's, at most 640).")
    var width: Int?

    @Flag(help: "Replace the output if it is there.")
    var overwrite = false

    private var labelList: [String] {
        labels.map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
            ?? fileLabels
    }

    /// The files' names; the paths as they were given where names repeat.
    private var fileLabels: [String] {
        let names = images.map { ($0.name as NSString).lastPathComponent }
        return Set(names).count == names.count ? names : images.map(\.name)
    }

    func validate() throws {
        guard images.count >= 2 else { throw ValidationError("name two or more images") }
        guard labelList.count == images.count else {
            throw ValidationError(
                "\(labelList.count.counted("label")) for \(images.count.counted("image")); give one an image")
        }
        if let columns, !(1...100).contains(columns) { throw ValidationError("--columns: use 1 to 100") }
        if let width, !(16...8192).contains(width) { throw ValidationError("--width: use 16 to 8192") }
    }

    func run() async throws {
        var kept = KeptFiles()
        images.forEach { kept.keep($0.bytes, named: $0.name) }
        try kept.claim(output, isPicture: true, existing: .init(overwrite: overwrite))
        var cells: [ContactSheet.Cell] = []
        for (image, label) in zip(images, labelList) {
            do {
                let file = try ImageReader.decode(
                    ImageReader.contents(ofFileAt: image.bytes, name: image.name), name: image.name)
                cells.append(
                    ContactSheet.Cell(file.image, caption: [label, "\(file.image.width) × \(file.image.height)"]))
            } catch {
                // Nothing was done, for a sheet needs all of them.
                throw UsageError(JobFailure(error, file: image.name))
            }
        }
        let widest = cells.map(\.image.width).max() ?? 16
        let sheet = ContactSheet(
            cells: cells, columns: columns ?? min(4, cells.count), cellWidth: width ?? min(640, max(160, widest)))
        do {
            try PictureFile.write(sheet.render(), to: output, overwrite: overwrite)
        } catch {
            throw RunError(JobFailure(error, file: output))
        }
        Console.current.say(output)
    }
}
