//! Two series over a window as SVG, for both colour schemes.
//!
//! The colours stand in the drawing as attributes, which the style sheet replaces by those of the scheme.

use headwater_admin::Window;
use plotters::prelude::{AreaSeries, ChartBuilder, Color, IntoDrawingArea, RGBColor, SVGBackend};
use plotters::style::{IntoFont, ShapeStyle};

const SIZE: (u32, u32) = (640, 200);
/// Of the first and the second series, of lines, and of texts; `overview.css` knows them.
const SERIES: [RGBColor; 2] = [RGBColor(10, 88, 168), RGBColor(196, 84, 0)];
const LINE: RGBColor = RGBColor(201, 209, 217);
const TEXT: RGBColor = RGBColor(85, 96, 107);

/// Draws both, the latest values at the right edge, on a scale to `least` at least; `label` writes a value. An empty text if it cannot be drawn.
pub(super) fn draw(series: [&[f64]; 2], least: f64, window: Window, label: impl Fn(f64) -> String) -> String {
    let mut svg = String::new();
    match plot(&mut svg, (series, least), window, &label) {
        Ok(()) => svg,
        Err(error) => {
            tracing::warn!(error, "a chart was not drawn");
            String::new()
        }
    }
}

fn plot(
    svg: &mut String,
    (series, least): ([&[f64]; 2], f64),
    window: Window,
    label: &impl Fn(f64) -> String,
) -> Result<(), String> {
    let reason = |error: &dyn std::fmt::Display| error.to_string();
    // In minutes and in hours before now.
    let (span, samples_each, unit) = match window {
        Window::Hour => (60.0, 6.0, "min"),
        Window::Day => (24.0, 12.0, "h"),
    };
    let highest = series.iter().flat_map(|values| values.iter()).fold(least, |most, value| most.max(*value));
    let root = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    let mut chart = ChartBuilder::on(&root)
        .margin(6)
        .margin_right(24)
        .x_label_area_size(22)
        .y_label_area_size(72)
        .build_cartesian_2d(-span..0.0, 0.0..highest * 1.1)
        .map_err(|error| reason(&error))?;
    let text = ("sans-serif", 13).into_font().color(&TEXT);
    chart
        .configure_mesh()
        .disable_x_mesh()
        .y_labels(4)
        .x_labels(7)
        .label_style(text)
        .axis_style(LINE)
        .bold_line_style(LINE)
        .light_line_style(RGBColor(0, 0, 0).mix(0.0))
        .x_label_formatter(&|at| ago(-at, unit))
        .y_label_formatter(&|value| label(*value))
        .draw()
        .map_err(|error| reason(&error))?;
    for (values, colour) in series.into_iter().zip(SERIES) {
        let newest = values.iter().rev().enumerate().map(|(at, value)| (-(at as f64) / samples_each, *value));
        let points: Vec<_> = newest.collect();
        let area = AreaSeries::new(points.into_iter().rev(), 0.0, colour.mix(0.15))
            .border_style(ShapeStyle::from(colour).stroke_width(2));
        chart.draw_series(area).map_err(|error| reason(&error))?;
    }
    root.present().map_err(|error| reason(&error))
}

fn ago(past: f64, unit: &str) -> String {
    if past < 0.5 { "now".to_owned() } else { format!("{past:.0} {unit} ago") }
}

/// A rate: whole where it is large.
pub(super) fn number(value: f64) -> String {
    let text = if value >= 10.0 { format!("{value:.0}") } else { format!("{value:.1}") };
    text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_is_drawn_of_anything() {
        for values in [&[][..], &[0.0; 3], &[0.0; 400], &[1e12, 0.5]] {
            let svg = draw([values, &[1.0]], 1.0, Window::Hour, number);
            assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"), "{svg}");
            assert!(!svg.contains("NaN") && !svg.contains("style="), "{svg}");
            assert!(svg.contains("now") && svg.contains("30 min ago"), "{svg}");
        }
    }
}
