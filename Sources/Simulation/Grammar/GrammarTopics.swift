/// A field of interest of the built-in grammar.
struct GrammarTopic {
    let name: String
    let things: [String]
    let acts: [String]
    let worries: [String]
}

/// The fields of interest: one line each, as name, things, acts and worries.
enum GrammarTopics {
    static let all: [GrammarTopic] = table.split(separator: "\n").map { line in
        let parts = line.split(separator: ";").map { part in
            part.split(separator: ",").map { String($0.drop { $0 == " " }) }
        }
        return GrammarTopic(name: parts[0][0], things: parts[1], acts: parts[2], worries: parts[3])
    }

    private static let table = """
        cooking; sourdough starter, braised lentils, oat pancakes, miso soup, roast pumpkin, flatbread, risotto, chickpea stew, plum jam, pickled radish, tomato passata; bake, freeze, season, reheat, thicken, double; bitter crust, lumps, too much salt, soggy bottom, curdling
        gardening; raised bed, tomato seedlings, compost heap, apple tree, lavender hedge, drip hose, cold frame, runner beans, wild meadow, clay soil; prune, water, plant, mulch, repot, divide; slugs, late frost, yellow leaves, root rot, aphids
        cycling; gravel bike, rear derailleur, disc brake, tubeless tyre, bottom bracket, commuter pannier, dynamo lamp, saddle height, chain lube, cassette; adjust, replace, fit, clean, upgrade, bleed; squeaking, knee pain, slipping gears, flat tyres, rust
        finance; index fund, pension pot, mortgage offer, emergency savings, tax return, credit score, dividend income, student loan, household budget, currency fee; compare, repay, split, refinance, track, declare; hidden fees, inflation, missed deadline, high interest, overdraft
        travel; night train, hostel booking, visa form, ferry crossing, mountain hut, layover, rail pass, rental car, city card, camping route; book, plan, cancel, combine, pack for, reach; rain season, lost luggage, strikes, jet lag, closed borders
        fitness; half marathon, kettlebell routine, rowing machine, pull-up plan, mobility drill, swim set, resting pulse, foam roller, recovery week, stair climb; train for, pace, schedule, improve, log, warm up for; shin splints, plateau, cramps, dizziness, sore back
        parenting; bedtime routine, lunch box, screen time, toddler tantrum, school run, picture book, chore chart, sibling quarrel, swimming lesson, birthday party; organise, explain, shorten, start, handle, prepare; crying, refusal, boredom, picky eating, jealousy
        music; chord progression, bass line, drum loop, choir warm-up, violin bow, mixing desk, guitar tuning, vinyl player, jazz standard, song lyric; practise, arrange, record, transpose, memorise, mix; hum, buzzing strings, stage fright, muddy sound, wrong tempo
        history; trade guild, Bronze Age harbour, canal building, peasant revolt, printing press, silk road city, postal system, crop rotation, city charter, lighthouse; explain, date, compare, trace, summarise, map; missing sources, bias, myths, disputed dates, translation errors
        physics; pendulum, heat pump, prism, magnetic field, orbit, standing wave, capacitor, friction coefficient, black body, lever; derive, measure, simulate, sketch, estimate, explain; wrong units, noise, rounding, air resistance, sign errors
        biology; cell membrane, nitrogen cycle, enzyme assay, pollinator, gene expression, coral reef, vaccine response, photosynthesis, gut flora, predator; describe, label, test, culture, compare, classify; contamination, small samples, confounders, mutations, temperature drift
        law; rental contract, small claim, consumer right, company bylaw, privacy notice, witness statement, licence clause, notice period, warranty, power of attorney; draft, contest, sign, review, withdraw, interpret; missed deadline, unclear wording, penalty, liability, jurisdiction
        writing; short story, sonnet, cover letter, blog post, villain, opening line, newsletter, wedding speech, product page, screenplay scene; outline, polish, shorten, rewrite, title, continue; cliches, passive voice, plot holes, flat dialogue, repetition
        sql databases; slow query, join order, composite index, migration script, nightly backup, foreign key, window function, connection pool, materialised view, audit table; optimise, rewrite, add, drop, monitor, partition; deadlocks, full scans, null values, lock timeouts, duplicates
        web front ends; sticky header, form validation, dark mode, image carousel, router guard, state store, modal dialog, flex layout, service worker, date picker; build, style, test, lazy load, refactor, animate; layout shift, memory leaks, stale cache, broken focus, flicker
        python scripts; csv import, log parser, virtual environment, retry decorator, dataclass, async queue, pandas merge, pytest fixture, argparse command, pickle file; write, debug, speed up, package, document, type check; encoding errors, race conditions, import cycles, timeouts, wrong dtypes
        embedded work; stepper driver, interrupt handler, sensor bus, bootloader, watchdog timer, sleep mode, servo arm, battery gauge, radio link, ring buffer; program, solder, calibrate, flash, simulate, debounce; brownout, jitter, overflow, noise, overheating
        cloud operations; container image, ingress rule, cluster upgrade, object bucket, alert rule, terraform module, rolling deploy, secret rotation, log pipeline, cost report; deploy, roll back, scale, audit, migrate, template; outages, throttling, drift, surprise bills, expired certificates
        statistics; confidence interval, survey weight, regression table, survival curve, bootstrap, effect size, missing values, time series, chi-square test, prior; compute, interpret, plot, justify, check, report; outliers, small samples, confounding, overfitting, skew
        languages; subjunctive mood, phrasal verb, tone marks, vocabulary list, case ending, listening exercise, false friend, tandem partner, idiom, accent; learn, practise, translate, memorise, correct, pronounce; mixing up endings, forgetting, shyness, slang, fast speech
        customer support; refund request, delayed parcel, warranty claim, angry caller, help article, ticket queue, chat macro, service credit, return label, onboarding call; answer, escalate, summarise, route, reply to, close; churn, long waits, unclear policy, bad reviews, missing data
        marketing; landing page, launch mail, tagline, audience survey, price test, podcast ad, brand voice, trade fair booth, referral scheme, product demo; plan, rewrite, test, target, brief, measure; low clicks, spam filters, vague claims, tight budget, ad fatigue
        housing; leaking tap, heat loss, attic insulation, paint colour, parquet floor, shared kitchen, rent increase, boiler service, window seal, balcony solar; fix, renovate, compare, measure, clean, negotiate; mould, draughts, noise, permits, cracks
        health; sleep diary, iron level, pollen season, blood pressure, dental crown, migraine log, posture, vitamin dose, ankle sprain, check-up; track, treat, prevent, ask about, lower, understand; side effects, fatigue, swelling, anxiety, waiting times
        games; chess opening, dungeon map, card draft, speedrun route, tabletop campaign, rogue class, puzzle room, farm layout, boss fight, party game; balance, design, win, explain, host, beat; rules disputes, grinding, lag, bad luck, cheating
        photography; long exposure, film scan, macro lens, portrait light, photo archive, street scene, tripod, colour profile, drone shot, darkroom; edit, shoot, crop, print, expose, catalogue; blur, grain, harsh shadows, dust, colour cast
        astronomy; meteor shower, star chart, telescope mount, eclipse, planet conjunction, nebula, comet tail, lunar crater, dark site, spectrum; observe, photograph, find, track, explain, predict; light pollution, clouds, dew, vibration, haze
        teaching; lesson plan, quiz, lab report, group project, reading list, rubric draft, field trip, science fair, parent evening, worksheet; prepare, grade, adapt, introduce, differentiate, shorten; boredom, mixed levels, cheating, time pressure, absences
        logistics; delivery route, pallet plan, customs form, stock count, cold chain, return flow, loading dock, driver shift, demand forecast, warehouse aisle; plan, reduce, track, label, consolidate, schedule; delays, damage, shortages, traffic, wrong labels
        pets; rescue dog, indoor cat, aquarium filter, rabbit hutch, puppy class, parrot cage, flea comb, senior cat diet, hamster wheel, horse paddock; train, feed, groom, house, calm, introduce; barking, scratching, shedding, fear, overweight
        """
}
