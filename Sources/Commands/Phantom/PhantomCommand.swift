import ArgumentParser
import Foundation
import ImageFiles
import NCTEngine
import SmearPhantom

/// `nctd phantom`: synthetic smears with the true class of every pixel, for training and for experiments.
struct PhantomCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "phantom",
        abstract: "Draw synthetic smears with the true class of every pixel, for training and experiments.",
        usage: "nctd phantom --output DIR --count N [--stain NAME] [options]",
        discussion: """
            Writes, for each scene, images/NAME.png (as a camera would see it), masks/NAME.png (8 bits: 0 background, \
            1 red cell, 2 cytoplasm of a white cell, 3 its nucleus, 4 platelet), labels/NAME.txt (boxes in YOLO's \
            format) and, with --dyes, dyes/NAME.png (16 bits: the amounts of eosin, azure and hemoglobin, 65535 for \
            8 units), from which a program can stain the scene in any way. Equal options draw equal scenes.

            EXAMPLES:
              nctd phantom --output phantoms --count 100
              nctd phantom --output phantoms --count 100 --seed 7 --width 384 --height 288 --scale 0.6,1.6 --dyes

            \(ExitStatus.help)
            """)

    /// The stains that the phantom has ready.
    enum StainName: String, CaseIterable, ExpressibleByArgument {
        case labA = "lab-a"
        case labB = "lab-b"
        case pale, dark, random

        func stain(seed: UInt64) -> Stain {
            switch self {
            case .labA: .labA
            case .labB: .labB
            case .pale: .pale
            case .dark: .dark
            case .random: .random(seed)
            }
        }
    }

    @Option(help: ArgumentHelp("Where the scenes go.", valueName: "dir"), completion: .directory)
    var output: String

    @Option(parsing: .unconditional, help: ArgumentHelp("How many scenes, 1 to 100000.", valueName: "n"))
    var count: Int

    @Option(
        parsing: .unconditional, help: ArgumentHelp("Seed of the first scene; each next one adds 1.", valueName: "n"))
    var seed: UInt64 = 1

    @Option(parsing: .unconditional, help: ArgumentHelp("Width in pixels, 64 to 8192.", valueName: "pixels"))
    var width = 640

    @Option(parsing: .unconditional, help: ArgumentHelp("Height in pixels, 64 to 8192.", valueName: "pixels"))
    var height = 480

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Factor of all cells' size, 0.2 to 5; two numbers: drawn between them for each scene.",
            valueName: "x[,x]"))
    var scale = NumberList(values: [1])

    @Option(help: ArgumentHelp("The stain of the images.", valueName: "name"))
    var stain: StainName = .random

    @Flag(help: "Also write the dyes' amounts.")
    var dyes = false

    @Flag(help: "Replace scenes that are there already; without it they are left alone, and none is drawn.")
    var overwrite = false

    func validate() throws {
        guard (1...100_000).contains(count) else { throw ValidationError("--count: use 1 to 100000") }
        guard (64...8192).contains(width), (64...8192).contains(height) else {
            throw ValidationError("--width and --height: use 64 to 8192")
        }
        guard [1, 2].contains(scale.values.count), scale.values.allSatisfy({ (0.2...5).contains($0) }),
            scale.values[0] <= scale.values.last!
        else { throw ValidationError("--scale: use one number, or two in ascending order, each 0.2 to 5") }
    }

    func run() async throws {
        let console = Console.current
        var kept = KeptFiles()
        for file in (0..<count).flatMap({ files(of: name(of: $0)) }) {
            try kept.claim("\(output)/\(file)", existing: .init(overwrite: overwrite))
        }
        try OutputDirectory.prepare(output)
        for file in files(of: "") {
            try OutputDirectory.prepare("\(output)/\((file as NSString).deletingLastPathComponent)")
        }
        Interruption.shared.install()
        let workers = ThreadsOption.allCores
        var progress = ProgressDisplay(console: console, total: count)
        for index in 0..<count {
            let name = name(of: index)
            progress.begin(name)
            try write(seed: seed &+ UInt64(index), name: name, workers: workers)
            progress.end(line: name, isWorthKeeping: false, to: console.say)
        }
        progress.clear()
    }

    private func name(of index: Int) -> String { String(format: "scene-%06d", index + 1) }

    /// What is written for a scene.
    private func files(of scene: String) -> [String] {
        ["images/\(scene).png", "masks/\(scene).png", "labels/\(scene).txt"] + (dyes ? ["dyes/\(scene).png"] : [])
    }

    private func write(seed: UInt64, name: String, workers: Workers) throws {
        var generator = SeededGenerator(seed: SeededGenerator.mix(seed ^ 0x5CA1E))
        var options = SceneOptions()
        options.scale = Double(
            Float.random(in: scale.values[0]...scale.values[scale.values.count - 1], using: &generator))
        let scene = SmearScene(seed: seed, width: width, height: height, options: options)
        let image = scene.render(in: stain.stain(seed: seed), noiseSeed: seed, workers: workers)
        try put(image, bits: 8, to: "images/\(name).png")
        try PictureFile.write(scene.classes, to: "\(output)/masks/\(name).png", overwrite: overwrite)
        if dyes {
            var amounts = RGBImage(width: width, height: height, filledWith: (0, 0, 0))
            for pixel in 0..<image.pixelCount {
                amounts.samples[3 * pixel] = scene.eosin.values[pixel] / 8
                amounts.samples[3 * pixel + 1] = scene.azure.values[pixel] / 8
                amounts.samples[3 * pixel + 2] = scene.hemoglobin.values[pixel] / 8
            }
            try put(amounts, bits: 16, to: "dyes/\(name).png")
        }
        let lines = scene.boxes.map { box in
            let (w, h) = (Double(width), Double(height))
            return String(
                format: "%d %.6f %.6f %.6f %.6f\n", box.kind.rawValue, (Double(box.x) + Double(box.width) / 2) / w,
                (Double(box.y) + Double(box.height) / 2) / h, Double(box.width) / w, Double(box.height) / h)
        }
        try put(Array(lines.joined().utf8), to: "labels/\(name).txt")
    }

    private func put(_ image: RGBImage, bits: Int, to name: String) throws {
        try PictureFile.write(image, to: "\(output)/\(name)", bitDepth: bits, overwrite: overwrite)
    }

    private func put(_ bytes: [UInt8], to name: String) throws {
        try Interruption.shared.protecting {
            try OutputFile.write(bytes, to: "\(output)/\(name)", overwrite: overwrite)
        }
    }
}
