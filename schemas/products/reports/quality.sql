-- Check digits, leading zeros, what is missing.
SELECT records, check_digit_wrong, leading_zero, usd_missing, gbp_missing, subbrand_missing FROM quality.products
