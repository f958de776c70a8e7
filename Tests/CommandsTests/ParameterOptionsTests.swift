import Foundation
import Jobs
import NCTEngine
import TestSupport
import Testing

/// The command line against the parameters' declarations.
@Suite struct ParameterOptionsTests {
    private func options<Owner: DeclaredParameters>(
        _ type: Owner.Type, of method: NormalizationMethod
    ) -> (arguments: [String], values: [String: ParameterValue]) {
        var (arguments, values): ([String], [String: ParameterValue]) = ([], [:])
        for declaration in Owner.declarations where declaration.methods.contains(method) {
            values[declaration.key] = declaration.get(Owner())
            // It and --layer exclude each other.
            if declaration.key == "progressive" { continue }
            values[declaration.key] = declaration.otherValue
            switch declaration.otherValue {
            case .flag(let isOn): arguments.append((isOn ? "--" : "--no-") + declaration.option)
            case let value: arguments += ["--" + declaration.option, value.text]
            }
        }
        return (arguments, values)
    }

    @Test(
        "Every parameter has an option, whose value the sidecar says",
        arguments: [NormalizationMethod.colorTransfer, .colorBalance, .reinhard, .macenko, .vahadane])
    func options(method: NormalizationMethod) throws {
        let bench = try Bench()
        let capture = try bench.capture("capture.png")
        let transfer = options(NormalizationParameters.self, of: method)
        let baseline = options(BaselineParameters.self, of: method)
        #expect(transfer.arguments.isEmpty == (method != .colorTransfer))
        let result = try Subprocess.run(
            Subprocess.nctd,
            ["normalize", capture, "--reference", bench.reference, "--output", "out", "--no-cache"]
                + ["--method", method.rawValue] + transfer.arguments + baseline.arguments,
            in: bench.space.path, environment: Bench.environment)
        #expect(result.status == 0, "\(result.error)")
        let sidecar = try Sidecar(json: [UInt8](try #require(bench.space.read("out/capture.png.json"))))
        #expect(sidecar.parameters.values == transfer.values.merging(baseline.values) { own, _ in own })
    }

    @Test(
        "A value that an option does not take is refused with what it takes",
        arguments: [
            ("--clusters", "99", "2 to 32"), ("--clusters", "5.5", "2 to 32"), ("--lambda-local", "nan", "0 to 1000"),
            ("--guided-filter-epsilon", "0", "1e-12 to 1"), ("--luminance", "rec2020", "rec601 or rec709"),
            ("--layer", "1,1", "different levels from 1 to 5"), ("--layer", "two", "levels from 1 to 5"),
            ("--angle-percentile", "x", "0 to 25"),
        ])
    func refusal(option: String, value: String, range: String) throws {
        let bench = try Bench()
        let result = try bench.nctd("normalize", "x.png", "--reference", bench.reference, "\(option)=\(value)")
        #expect(result.status == 2 && result.error.contains("'\(option) <"), "\(result.error)")
        #expect(result.error.contains(": use ") && result.error.contains(range), "\(result.error)")
    }

    @Test("What the graph cut cannot hold at once is refused by the option's name")
    func together() throws {
        let bench = try Bench()
        let result = try bench.nctd(
            "normalize", "x.png", "--reference", bench.reference, "--solver", "graph-cut", "--tile-pixels", "100000001")
        #expect(result.status == 2 && result.error.contains("--tile-pixels: value out of range"), "\(result.error)")
        #expect(result.error.contains("100000000 with the graph cut"))
    }
}
