import Foundation
import ImageFiles
import TestSupport
import Testing

@Suite struct UsageTests {
    @Test(
        "Wrong usage ends with code 2 and says what would be right",
        arguments: [
            (["normalize"], "input"), (["normalize", "x.png"], "--profile FILE or --reference IMAGE"),
            (["normalize", "x.png", "--profile", "p.toml", "--reference", "r.png"], "exclude each other"),
            (["normalize", "x.png", "--reference", "r", "s", "t", "u"], "one to three"),
            (["normalize", "x.png", "--reference", "reference.png", "--layer", "6"], "levels from 1 to 5"),
            (["normalize", "x.png", "--reference", "reference.png", "--layer", "two"], "--layer"),
            (["normalize", "x.png", "--reference", "reference.png", "--layer", "1", "--progressive"], "exclude"),
            (["normalize", "x.png", "--reference", "reference.png", "--clusters", "99"], "--clusters"),
            (["normalize", "x.png", "--reference", "reference.png", "--solver-tolerance", "2"], "1e-8 to 0.1"),
            (["normalize", "x.png", "--reference", "reference.png", "--solver", "max-flow"], "least-squares"),
            (["normalize", "x.png", "--reference", "reference.png", "--solver-labels", "8"], "--solver-labels"),
            (["normalize", "x.png", "--reference", "reference.png", "--threads", "0"], "1 to 1024"),
            (["normalize", "x.png", "--reference", "reference.png", "--enhancement", "magic"], "clustering"),
            (["normalize", "x.png", "--reference", "none.png"], "none.png: there is no such file"),
            (["normalize", "x.png", "--profile", "none.toml"], "none.toml: there is no such profile"),
            (["normalize", "empty", "--reference", "reference.png"], "no images in empty"),
            (["normalize", "x.png", "--refrence", "reference.png"], "--reference"),
            (["compare", "a.png", "--output", "o.png"], "two or more"),
            (["compare", "a.png", "b.png"], "--output"),
            (["compare", "a.png", "b.png", "--labels", "one", "--output", "o.png"], "2 images"),
            (["segment", "--output", "o"], "input"), (["segment", "x.png"], "--output"),
            (["segment", "empty", "--output", "o"], "no images in empty"),
            (["segment", "x.png", "--output", "o", "--threads", "0"], "1 to 1024"),
            (["nonsense"], "nonsense"), (["demo", "--count", "0"], "1 to 50"),
            (["profile", "check", "none.toml"], "no such profile"),
        ])
    func wrongUsage(arguments: [String], words: String) throws {
        let bench = try Bench()
        try FileManager.default.createDirectory(atPath: bench.space("empty"), withIntermediateDirectories: true)
        let result = try Subprocess.run(
            Subprocess.nctd, arguments, in: bench.space.path, environment: Bench.environment)
        #expect(result.status == 2, "\(result.error)")
        #expect(result.output.isEmpty)
        #expect(result.error.contains(words), "\(result.error)")
        #expect(bench.space.files() == ["reference.png"])
    }

    @Test("Two captures of one output name are an error before any work")
    func collision() throws {
        let bench = try Bench()
        let first = try bench.capture("a/x.png")
        let second = try bench.capture("b/x.png")
        let result = try bench.normalize([first, second])
        #expect(result.status == 2)
        #expect(result.error.contains(first) && result.error.contains(second) && result.error.contains("rename"))
        #expect(bench.space.files(in: "out").isEmpty)
        // Those that differ in their extension have it in their results, in whichever order they come.
        let third = try bench.capture("b/x.jpg", as: .jpeg)
        for order in [[first, third], [third, first]] {
            let result = try bench.normalize(order, "--overwrite")
            #expect(result.status == 0, "\(result.error)")
            let images = bench.space.files(in: "out").filter { $0.hasSuffix(".png") }
            #expect(Set(images.map { ($0 as NSString).lastPathComponent }) == ["x.png.png", "x.jpg.png"])
        }
    }

    @Test("A file or a directory that is named twice, or a file besides its directory, is taken once")
    func twice() throws {
        let bench = try Bench()
        let path = try bench.capture("in/x.png")
        let folder = bench.space("in")
        for inputs in [[path, path], [folder, folder], [folder, path], [path, folder]] {
            let result = try bench.normalize(inputs, "--overwrite", "--json")
            #expect(
                result.status == 0 && result.output.contains("\"captures\" : 1,"), "\(result.error) \(result.output)")
            #expect(bench.space.files(in: "out") == ["x.png", "x.png.json"])
        }
    }

    @Test("A number may begin with a minus, and is refused as a number")
    func negative() throws {
        let numbers: Set = ["n", "x", "pixels", "seed", "r,g,b", "x[,x]", "x[,x,x]", "L[,L…]", "columns", "width"]
        let help = try Subprocess.run(Subprocess.nctd, ["--experimental-dump-help"]).output
        var tried = 0
        func visit(_ command: [String: Any], _ path: [String]) throws {
            for sub in command["subcommands"] as? [[String: Any]] ?? [] {
                try visit(sub, path + [try #require(sub["commandName"] as? String)])
            }
            for argument in command["arguments"] as? [[String: Any]] ?? [] where argument["kind"] as? String == "option"
            {
                guard let name = (argument["names"] as? [[String: Any]])?.first?["name"] as? String,
                    numbers.contains(argument["valueName"] as? String ?? "")
                else { continue }
                let result = try Subprocess.run(Subprocess.nctd, path + ["--\(name)", "-1"])
                #expect(
                    result.status == 2 && !result.error.contains("Missing value"), "\(path) \(name): \(result.error)")
                tried += 1
            }
        }
        let all = try #require(try JSONSerialization.jsonObject(with: Data(help.utf8)) as? [String: Any])
        for command in (all["command"] as? [String: Any])?["subcommands"] as? [[String: Any]] ?? [] {
            try visit(command, [try #require(command["commandName"] as? String)])
        }
        #expect(tried > 40)
        for (option, words) in [("--threads", "1 to 1024"), ("--seed", "-1")] {
            let result = try Subprocess.run(
                Subprocess.nctd, ["normalize", "x.png", "--reference", "r.png", option, "-1"])
            #expect(result.error.contains(words), "\(result.error)")
        }
    }

    @Test("Results do not go among the captures, and formats that are not read are counted and named")
    func besides() throws {
        let bench = try Bench()
        try bench.capture("in/x.png")
        let among = try bench.nctd(
            "normalize", bench.space("in"), "--reference", bench.space("reference.png"), "--output", bench.space("in"))
        #expect(among.status == 2 && among.error.contains("directory of the captures"), "\(among.error)")
        for name in ["a.webp", "b.WEBP", "c.czi", "d.txt"] { try bench.space.write([1, 2, 3], to: "in/\(name)") }
        let result = try bench.normalize([bench.space("in")])
        #expect(
            result.status == 0 && result.output.contains("2 WebP") && result.output.contains("1 Zeiss CZI"),
            "\(result.output)")
        let named = try bench.space.write(Array("RIFF\u{1}\u{1}\u{1}\u{1}WEBPVP8 ".utf8), to: "w.png")
        #expect(try bench.normalize([named]).error.contains("WebP"))
    }

    @Test("A result never takes the place of a capture, even with --overwrite")
    func overCapture() throws {
        let bench = try Bench()
        let capture = try bench.capture("out/capture.png")
        let before = bench.space.read("out/capture.png")
        let result = try bench.normalize([capture], "--overwrite")
        #expect(result.status == 2)
        #expect(result.error.contains("take the place of"))
        #expect(bench.space.files(in: "out") == ["capture.png"] && bench.space.read("out/capture.png") == before)
    }

    @Test(
        "Help and version go to standard output with code 0",
        arguments: [
            (["--help"], "EXIT STATUS"), (["normalize", "--help"], "EXAMPLES"),
            (["help", "profile", "suggest"], "--count"), (["compare", "--help"], "side by side"),
            (["demo", "--help"], "synthetic"), (["--version"], "nctd "),
            ([], "demo"),
            (["--generate-completion-script", "bash"], "complete"),
        ])
    func help(arguments: [String], words: String) throws {
        let result = try Subprocess.run(Subprocess.nctd, arguments)
        #expect(result.status == 0)
        #expect(result.output.contains(words) && result.error.isEmpty)
    }

    @Test("Every line of help fits a terminal of 80 columns")
    func helpWidth() throws {
        for command in ["normalize", "compare", "demo", "segment", "restain", "profile"] {
            let result = try Subprocess.run(Subprocess.nctd, [command, "--help"], environment: ["COLUMNS": "80"])
            for line in result.output.split(separator: "\n") {
                #expect(line.count <= 80 || line.hasPrefix("  nctd"), "\(command): \(line)")
            }
        }
    }
}
