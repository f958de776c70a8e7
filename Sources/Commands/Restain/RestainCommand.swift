import ArgumentParser
import Config
import Foundation
import ImageFiles
import Jobs
import NCTEngine
import SmearPhantom

/// `nctd restain`: real images as they would look in another stain, light or exposure; for experiments whose right
/// answer is known.
struct RestainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restain",
        abstract: "Change an image's stain, light or exposure by a known amount, for experiments.",
        usage: "nctd restain INPUT... --output DIR [--preset NAME] [options]",
        discussion: """
            Splits each pixel's optical density into the dyes of a blood smear, scales or exchanges them, and puts \
            another light through. The un-restained image is then the right answer for whoever normalizes the \
            restained one. Without any option that changes something, images come out as they went in. An option \
            overrides what the preset says. Each result goes to OUTPUT/NAME.png.

            EXAMPLES:
              nctd restain lab-a/test --output under --preset understained
              nctd restain smear.png --output warm --light 250,215,160 --exposure 0.9
              nctd restain smear.png --output pale-nuclei --dye-scale 1,0.5,1
              nctd restain lab-a/test --output lab-7 --by-class 7

            \(ExitStatus.help)
            """)

    @Argument(help: ArgumentHelp("Images, or directories of images.", valueName: "input"), completion: .file())
    var inputs: [FileArgument]

    @Option(help: ArgumentHelp("Where results go.", valueName: "dir"), completion: .directory)
    var output: String

    @Option(help: ArgumentHelp("A ready-made shift.", valueName: "name"))
    var preset: RestainingPreset?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Factor of the dyes' amounts, 0 to 10: one for all, or eosin, azure and hemoglobin.",
            valueName: "x[,x,x]"))
    var dyeScale: NumberList?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Color of the empty field, sRGB code values 1 to 255.", valueName: "r,g,b"))
    var light: NumberList?

    @Option(parsing: .unconditional, help: ArgumentHelp("Factor of the light, 0.01 to 10.", valueName: "x"))
    var exposure: Float?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Draw a lab from this seed whose dyes take to nuclei, cytoplasm, red cells and platelets each in its own "
                + "way; not with the options above.", valueName: "seed"))
    var byClass: UInt64?

    @Flag(help: "Replace results that are there already; without it they are left alone and count as failed.")
    var overwrite = false

    @OptionGroup
    var threads: ThreadsOption

    @OptionGroup
    var links: LinkOptions

    func validate() throws {
        guard !inputs.isEmpty else { throw ValidationError("name at least one image or directory") }
        if let dyeScale {
            guard [1, 3].contains(dyeScale.values.count), dyeScale.values.allSatisfy({ (0...10).contains($0) }) else {
                throw ValidationError("--dye-scale: use one number or three joined by commas, each 0 to 10")
            }
        }
        if let light {
            guard light.values.count == 3, light.values.allSatisfy({ (1...255).contains($0) }) else {
                throw ValidationError("--light: use three numbers joined by commas, each 1 to 255")
            }
        }
        if byClass != nil, preset != nil || dyeScale != nil || light != nil || exposure != nil {
            throw ValidationError("--by-class draws all that is changed; leave the other options out")
        }
        if let exposure, !(0.01...10).contains(exposure) { throw ValidationError("--exposure: use 0.01 to 10") }
    }

    /// The preset with the options put over it.
    private var restaining: Restaining {
        var result = preset?.restaining ?? Restaining()
        if let values = dyeScale?.values, let first = values.first, let last = values.last {
            result.scale(eosin: first, azure: values.count == 3 ? values[1] : first, hemoglobin: last)
        }
        if let light {
            result.light = Stain.linear(red: light.values[0], green: light.values[1], blue: light.values[2])
            result.lightFactor = SIMD3(1, 1, 1)
        }
        if let exposure { result.exposure = exposure }
        return result
    }

    func run() async throws {
        let console = Console.current
        let run = try ImageRun(
            inputs, verb: "restain", output: output, endings: [".png"], overwrite: overwrite, links: links)
        let workers = threads.workers
        let (restaining, classes) = (restaining, byClass.map { ClassRestaining(seed: $0) })
        let failures = run.perform(on: console, write: console.say) { item, targets in
            try restain(item, to: targets[0]) { image in
                try classes?.apply(to: image, workers: workers) ?? restaining.apply(to: image, workers: workers)
            }
            return "\(PrintableName.text(item.path)) -> \(PrintableName.text(targets[0]))"
        }
        if !failures.isEmpty { throw ExitCode(ExitStatus.someFailed) }
    }

    private func restain(
        _ item: InputList.Item, to target: String, by change: (RGBImage) throws -> RGBImage
    ) throws {
        let file = try item.read()
        let result = ImageFile(image: try change(file.image), metadata: file.metadata)
        let bytes = try ImageWriter.encode(
            result, options: ImageWriteOptions(format: .png, bitDepth: file.metadata.bitDepth > 8 ? 16 : 8))
        try Interruption.shared.protecting { try OutputFile.write(bytes, to: target, overwrite: overwrite) }
    }
}

extension RestainingPreset: ExpressibleByArgument {}
